-- The same cell from two current files of one provider, or from two rows of one file,
-- that cannot both be right: two numbers, or a number where the other says that it is
-- suppressed. The row that counts is held against each of the others. A blank beside a
-- number contradicts nothing.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
),

printed as (
    select * from {{ ref('int_outcomes_conformed') }}
    where value_status in ('reported', 'range', 'suppressed')
),

twice as (
    select {{ cell_of() }}
    from printed
    group by {{ cell_of() }}
    having count(*) > 1
),

pairs as (
    select
        outcomes.level,
        outcomes.state,
        outcomes.school_key,
        outcomes.school_id_nces,
        outcomes.school_id_state,
        outcomes.school_name,
        outcomes.school_year,
        outcomes.metric_id,
        outcomes.student_group,
        outcomes.provider,
        printed.provider as other_provider,
        outcomes.definition_id,
        printed.definition_id as other_definition_id,
        outcomes.value_status,
        printed.value_status as other_value_status,
        {%- for column in [
            'value_pct', 'value_low_pct', 'value_high_pct', 'numerator', 'denominator',
        ] %}
        outcomes.{{ column }},
        printed.{{ column }} as other_{{ column }},
        {%- endfor %}
        -- Without the case it would be 0: greatest leaves nulls out.
        case
            when printed.lowest_pct is not null and outcomes.lowest_pct is not null
                then greatest(
                    0,
                    outcomes.lowest_pct - printed.highest_pct,
                    printed.lowest_pct - outcomes.highest_pct
                )
        end as beyond_pct,
        outcomes.visibility,
        printed.visibility as other_visibility,
        outcomes.source_file,
        outcomes.source_row,
        printed.source_file as other_source_file,
        printed.source_row as other_source_row
    from outcomes
    inner join twice
        on {{ is_same_cell('outcomes', 'twice') }}
    inner join printed
        on {{ is_same_cell('outcomes', 'printed') }}
    where
        (printed.source_file, printed.source_row, printed.delivery)
        is distinct from (outcomes.source_file, outcomes.source_row, outcomes.delivery)
),

contradicted as (
    select * from pairs
    where
        beyond_pct > 0
        or (value_status = 'suppressed') <> (other_value_status = 'suppressed')
        or numerator <> other_numerator
        or denominator <> other_denominator
)

select * from contradicted
