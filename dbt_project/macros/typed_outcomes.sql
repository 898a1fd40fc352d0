{#- The columns that every staged outcome has, in order; the union relies on them. -#}
{%- macro outcome_columns() -%}
provider, extract, level, state, lea_id_nces, lea_id_state, lea_name,
    school_id_nces, school_id_state, school_name, school_year, metric_id,
    student_group_label, numerator, denominator, value_pct, value_low_pct,
    value_high_pct, lowest_pct, highest_pct, value_status, definition_id, data_as_of,
    source_file, source_sheet, source_row, delivery
{%- endmacro -%}

{#- CTEs that type the cells of `relation`, which holds numerator_token,
    denominator_token and value_token beside the other outcome columns.
    lowest_pct and highest_pct bound the unrounded rate: equal where both counts are
    printed, else the printed cell widened by half a unit of its last digit. LT50 means
    below 50 when rounded, so that its bound is narrowed to 49.5; to 49.95 where the
    column (a metric in a delivery) has rates such as 87.2.
    A row whose counts cannot be read has no status: int_outcomes_judged sets it aside. -#}
{%- macro typed_outcomes(relation) -%}
    judged as (
        select
            *,
            {{ printed_count('numerator_token') }} as numerator,
            {{ printed_count('denominator_token') }} as denominator,
            case
                when
                    {{ is_unread_count('numerator_token') }}
                    or {{ is_unread_count('denominator_token') }}
                    then null
                else {{ value_status('value_token') }}
            end as value_status,
            {{ range_low('value_token') }} as printed_low,
            {{ range_high('value_token') }} as printed_high,
            try_cast(value_token as decimal(18, 12)) as printed_value,
            {{ printed_digits('value_token') }} as digits
        from (
            select * from {{ relation }}
            union all by name
            -- A workbook's model says in which sheet a row stands; a csv file has none.
            select cast(null as varchar) as source_sheet
            where false
        ) as printed_cells
    ),

    exact as (
        select
            *,
            case
                when value_status = 'reported' and numerator is not null and denominator > 0
                    then {{ pct_of_counts('numerator', 'denominator') }}
            end as exact_pct,
            {{ half_unit('digits') }} as half_unit,
            {{ half_unit("coalesce(max(digits) filter (where value_status = 'reported')
                over (partition by delivery, metric_id), 0)") }} as column_half_unit
        from judged
    ),

    bounded as (
        select
            *,
            case when value_status = 'reported' then printed_value end as value_pct,
            case when value_status = 'range' then printed_low end as value_low_pct,
            case when value_status = 'range' then printed_high end as value_high_pct,
            cast(case
                when exact_pct is not null then exact_pct
                when value_status = 'reported' then greatest(0, printed_value - half_unit)
                when left({{ bound_token('value_token') }}, 2) = 'GT'
                    then printed_low + column_half_unit
                when value_status = 'range'
                    then greatest(0, printed_low - half_unit)
            end as decimal(18, 12)) as lowest_pct,
            cast(case
                when exact_pct is not null then exact_pct
                when value_status = 'reported' then least(100, printed_value + half_unit)
                when left({{ bound_token('value_token') }}, 2) = 'LT'
                    then printed_high - column_half_unit
                when value_status = 'range'
                    then least(100, printed_high + half_unit)
            end as decimal(18, 12)) as highest_pct
        from exact
    ),

    typed as (
        select {{ outcome_columns() }}
        from bounded
    )
{%- endmacro -%}

{#- CTEs that type the counts of `relation`, which holds numerator_token and
    denominator_token beside the other outcome columns. Who sends counts is asked for no
    rate: it is their quotient, exact, so that it needs no bounds. -#}
{%- macro counted_outcomes(relation) -%}
    counted as (
        select
            *,
            {{ printed_count('numerator_token') }} as numerator,
            {{ printed_count('denominator_token') }} as denominator
        from {{ relation }}
    ),

    divided as (
        select
            *,
            {{ pct_of_counts('numerator', 'denominator') }} as value_pct,
            cast(null as decimal(18, 12)) as value_low_pct,
            cast(null as decimal(18, 12)) as value_high_pct
        from counted
    ),

    bounded as (
        select
            *,
            value_pct as lowest_pct,
            value_pct as highest_pct
        from divided
    ),

    typed as (
        select {{ outcome_columns() }}
        from bounded
    )
{%- endmacro -%}
