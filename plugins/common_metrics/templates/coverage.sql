select provider, extract, coverage_status, message,
    list(school_year order by school_year) as years
from coverage
where coverage_status <> 'received'
group by all
order by all
