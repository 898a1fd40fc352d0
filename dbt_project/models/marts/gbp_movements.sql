-- How many scores of a school lie above, on or below the last one of the same edition,
-- dimension and role, by the school year of the newer. Scores are ranks: moves are
-- counted, never averaged.
with scores as (
    select * from {{ ref('gbp_scores') }}
    where score is not null
),

followed as (
    select
        school_key,
        school_year,
        assessed_on,
        score,
        lag(score) over (
            partition by school_key, edition, dimension, rater_role order by assessed_on
        ) as score_before,
        row_number() over (
            partition by school_key, edition, dimension, rater_role, school_year
            order by assessed_on desc
        ) as recency
    from scores
),

moved as (
    select
        school_key,
        school_year,
        count(*) filter (where score > score_before) as scores_up_count,
        count(*) filter (where score = score_before) as scores_same_count,
        count(*) filter (where score < score_before) as scores_down_count
    from followed
    where score_before is not null and recency = 1
    group by school_key, school_year
)

select * from moved
