from target_models
order by is_default desc;
