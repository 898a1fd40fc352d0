-- A school year by year: what came, what was asked for, what became of it and where
-- it is from. A year has one row, with the target of the default model; years before
-- the targets are there, and years to come have a target alone. The other model
-- stands in school_history_by_model.
with histories as (
    select * from {{ ref('school_history_by_model') }}
),

models as (
    select * from {{ ref('target_models') }}
),

of_default_model as (
    select histories.*
    from histories
    left join models
        on histories.target_model = models.target_model
    where coalesce(models.is_default, true)
)

select * from of_default_model
