-- One row a provider and cell. Where two current files print the same cell, the one
-- that says more counts, then the newer one; what the other says otherwise stands in
-- int_outcomes_contradicted. Of schools, those alone that teach a grade from 9 to 12 or
-- graduate students.
with outcomes as (
    select * from {{ ref('int_outcomes_conformed') }}
),

high_schools as (
    select * from {{ ref('int_high_schools') }}
),

newest as (
    select *
    from outcomes
    where
        level <> 'school'
        or school_key in (select high_schools.school_key from high_schools)
    qualify row_number() over (
        partition by
            provider, level, state, school_key, school_year, metric_id, student_group
        order by {{ says_more_first(
            ['numerator', 'denominator', 'value_pct', 'value_low_pct']
        ) }}
    ) = 1
)

select * from newest
