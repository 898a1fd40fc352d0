select * replace (american(description) as description)
from target_models
order by is_default desc;
