-- Schools that are surely short of their target of the year, by the default model of
-- targets: first those of the consortium's states, and of these the furthest off. The
-- other model stands in schools_off_track_by_model.
with schools as (
    select * from {{ ref('schools_off_track_by_model') }}
),

models as (
    select * from {{ ref('target_models') }}
    where is_default
),

of_default_model as (
    select schools.*
    from schools
    inner join models
        on schools.target_model = models.target_model
    order by
        schools.is_consortium_state desc,
        schools.school_year desc,
        schools.missing_low_points desc,
        schools.school_key asc,
        schools.metric_id asc,
        schools.student_group asc
)

select * from of_default_model
