with identities as (
    {{ current_rows('stg_vt__sis_identity') }}
),

spells as (
    {{ current_rows('stg_vt__sis_enrollment') }}
),

-- NSLELG 01 and 02 are free and reduced-price meals; 09 is eligible and declined (FAQ
-- Enrollment); 96 is not eligible, also where a family sent no form.
said as (
    {%- for student_group in [
        race_group(),
        "case when lunch_eligibility = '96' then 'non_ed' "
        ~ "when lunch_eligibility in ('01', '02', '09') then 'ed' end",
    ] %}
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
    union all
    {%- endfor %}
    select
        provider,
        extract,
        state,
        student_key,
        school_year,
        case gender when 'F' then 'female' when 'M' then 'male' end as student_group,
        cast(null as date) as entry_date,
        source_file,
        source_row,
        delivery,
    from identities
),

{{ one_group_a_category('said') }}

select * from chosen
