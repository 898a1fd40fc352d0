-- What a school's csv holds: each cell of each group and publisher, the preferred one
-- with its target, and the targets of years to come. A target is held against the
-- preferred cell alone. One that is hidden is no row of its own.
with cells as (
    select *
    from (select *, is_preferred as is_judged from points) as points
    full join (
        select *, true as is_judged from paths where compounding_low_pct is not null
    ) as paths
        using (school_key, metric_id, student_group, school_year, is_judged)
)

select
    slug, school_key, school_year, metric_id, student_group,
    value_status, value_pct, value_low_pct, value_high_pct, numerator, denominator,
    is_preferred, compounding_low_pct as target_low_pct,
    compounding_high_pct as target_high_pct, compounding as verdict,
    linear_low_pct as target_from_start_low_pct,
    linear_high_pct as target_from_start_high_pct, linear as verdict_from_start,
    provider, source_file, source_sheet, source_row, delivery
from cells
inner join shown_schools using (school_key)
left join (select * exclude (state), true as is_judged from verdicts) as verdicts
    using (school_key, metric_id, student_group, school_year, is_judged)
order by slug, metric_id, student_group, school_year, is_preferred desc, provider;
