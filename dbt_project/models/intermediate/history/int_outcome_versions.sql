-- What stood in a cell, from when to when: by a file that was delivered again, or by
-- another file. At each moment a cell shows what int_outcomes_current would have shown.
-- A version lasts as long as its numbers do, in whichever file. Where the newer file no
-- longer holds the cell, and no other does, the cell is `withdrawn`.
with printed as (
    select * from {{ ref('int_outcomes_printed_again') }}
),

moments as (
    select
        {{ cell_of() }},
        landed_at as moment
    from printed
    union
    select
        {{ cell_of() }},
        superseded_at as moment
    from printed
    where superseded_at is not null
),

shown as (
    select
        moments.*,
        printed.* exclude ({{ cell_of() }})
    from moments
    left join printed
        on
            {{ is_same_cell('moments', 'printed') }}
            and moments.moment >= printed.landed_at
            and moments.moment < coalesce(printed.superseded_at, 'infinity')
    qualify row_number() over (
        partition by {{ cell_of('moments') }}, moments.moment
        order by {{ says_more_first(
            ['numerator', 'denominator', 'value_pct', 'value_low_pct'], 'printed'
        ) }}
    ) = 1
),

-- The receipt of a withdrawal is the newer file, which no longer holds the cell.
completed as (
    select
        * replace (
            coalesce(value_status, 'withdrawn') as value_status,
            coalesce(sha256, lag(superseded_by) over cell) as sha256,
            {%- for column in [
                'extract', 'source_file', 'school_name', 'lea_name', 'definition_id',
                'visibility',
            ] %}
            coalesce({{ column }}, lag({{ column }} ignore nulls) over cell)
                as {{ column }},
            {%- endfor %}
        ),
        row(
            value_status, numerator, denominator, value_pct, value_low_pct,
            value_high_pct
        ) as numbers
    from shown
    window cell as (partition by {{ cell_of() }} order by moment)
),

followed as (
    select
        *,
        lag(numbers) over (partition by {{ cell_of() }} order by moment)
            as numbers_before
    from completed
),

numbered as (
    select
        *,
        count(*) filter (where numbers is distinct from numbers_before)
            over (partition by {{ cell_of() }} order by moment) as version
    from followed
),

-- The newest file that printed the numbers is their receipt, the first one their date.
lasting as (
    select
        *,
        min(moment) over version_of_cell as valid_from
    from numbered
    window version_of_cell as (partition by {{ cell_of() }}, version)
    qualify moment = max(moment) over version_of_cell
),

versions as (
    select
        * exclude (
            moment, numbers, numbers_before, landed_at, superseded_at, superseded_by
        ),
        lead(valid_from) over (partition by {{ cell_of() }} order by version)
            as valid_to
    from lasting
)

select * from versions
