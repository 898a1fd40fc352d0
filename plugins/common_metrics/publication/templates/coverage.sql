-- Year by year, what became of what was due.
select
    provider, extract,
    list({'school_year': school_year, 'status': coverage_status, 'message': message}
        order by school_year) as years
from coverage
group by all
order by provider, extract;
