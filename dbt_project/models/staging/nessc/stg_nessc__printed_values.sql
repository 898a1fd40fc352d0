-- Values as reports print them: a number, a bound, or a phrase that is neither.
with printed as (
    select * from {{ source('nessc', 'printed_values') }}
),

tokened as (
    select
        *,
        {{ bound_token(percent_token('value_pct')) }} as value_token
    from printed
),

typed as (
    select
        report,
        state,
        school_year as printed_year,
        case
            when regexp_full_match(school_year, '\d{4}-\d{2}')
                then try_cast(left(school_year, 4) as integer) + 1
        end as school_year,
        metric,
        student_group_label,
        value_pct as printed_value,
        try_cast(value_token as decimal(18, 12)) as value_pct,
        case
            when try_cast(value_token as decimal(18, 12)) is not null
                then
                    try_cast(value_token as decimal(18, 12))
                    - {{ half_unit(printed_digits('value_token')) }}
            when left(value_token, 2) in ('GE', 'GT', 'LE', 'LT')
                then {{ range_low('value_token') }}
        end as lowest_pct,
        case
            when try_cast(value_token as decimal(18, 12)) is not null
                then
                    try_cast(value_token as decimal(18, 12))
                    + {{ half_unit(printed_digits('value_token')) }}
            when left(value_token, 2) in ('GE', 'GT', 'LE', 'LT')
                then {{ range_high('value_token') }}
        end as highest_pct,
        source_url,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from tokened
)

select * from typed
