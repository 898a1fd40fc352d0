with spells as (
    {{ current_rows('stg_nessc__student_flags') }}
),

said as (
    {%- for student_group in [
        race_group(),
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
    from spells
    {%- endfor %}
),

{{ one_group_a_category('said') }}

select * from chosen
