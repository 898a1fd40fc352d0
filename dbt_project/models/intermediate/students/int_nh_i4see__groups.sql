with spells as (
    {{ current_rows('stg_nh__i4see_enrollment') }}
),

race_codes as (
    select * from {{ ref('race_codes') }}
),

coded as (
    select
        spells.*,
        race_codes.student_group as race_group,
    from spells
    left join race_codes
        on
            spells.provider = race_codes.provider
            and spells.extract = race_codes.extract
            and spells.race_code = race_codes.race_code
),

said as (
    {%- for student_group in [
        'race_group',
        "case sex when 'F' then 'female' when 'M' then 'male' end",
        group_or_complement('is_economically_disadvantaged', 'ed'),
        group_or_complement('is_english_learner', 'el'),
        group_or_complement('is_idea', 'swd'),
    ] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        provider,
        extract,
        state,
        student_key,
        school_year,
        {{ student_group }} as student_group,
        entry_date,
        source_file,
        source_row,
        delivery,
    from coded
    {%- endfor %}
),

{{ one_group_a_category('said') }}

select * from chosen
