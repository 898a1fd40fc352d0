-- The groups of each student and school year, one of each category, of every extract.
-- In none where the file does not say: English learners and special education stand in
-- no file of Vermont, and OneRoster knows sex and race alone. Those of a state's own
-- cohort stand under its year.
{%- set flagged = {
    'nessc_flags': {},
    'nh_coded': {'race': 'race_of_code'},
    'ri_census': {},
    'ri_listing': {'school_year': 'cohort_year', 'entry_date': 'cast(null as date)'},
} %}
{%- set categories = ['race', 'gender', 'economic', 'language', 'disability'] %}

with race_codes as (
    select * from {{ ref('race_codes') }}
),

nessc_flags as (
    {{ current_rows('stg_nessc__student_flags') }}
),

nh_spells as (
    {{ current_rows('stg_nh__i4see_enrollment') }}
),

ri_census as (
    {{ current_rows('stg_ri__enrollment_census') }}
),

ri_listing as (
    {{ current_rows('stg_ri__cohort_listing') }}
),

vt_spells as (
    {{ current_rows('stg_vt__sis_enrollment') }}
),

vt_identities as (
    {{ current_rows('stg_vt__sis_identity') }}
),

rosters as (
    select * from {{ ref('int_oneroster__rosters') }}
),

users as (
    {{ current_rows('stg_oneroster__users') }}
),

demographics as (
    {{ current_rows('stg_oneroster__demographics') }}
),

-- Demographics know no year: they are of the years in which the set has the student.
on_rosters as (
    select
        demographics.*,
        rosters.state,
        rosters.student_key,
        rosters.school_year,
        rosters.begin_date as entry_date
    from rosters
    inner join users
        on
            {{ folder_of('rosters.source_file') }} = users.roster_set
            and rosters.student_key = users.student_key
    inner join demographics
        on
            users.roster_set = demographics.roster_set
            and users.sourced_id = demographics.sourced_id
    where coalesce(demographics.status, '') <> 'tobedeleted'
),

nh_coded as (
    select
        nh_spells.*,
        race_codes.student_group as race_of_code
    from nh_spells
    left join race_codes
        on
            nh_spells.provider = race_codes.provider
            and nh_spells.extract = race_codes.extract
            and nh_spells.race_code = race_codes.race_code
),

-- NSLELG 01 and 02 are free and reduced-price meals; 09 is eligible and declined (FAQ
-- Enrollment); 96 is not eligible, also where a family sent no form. In OneRoster two
-- or more races may be said by a flag of its own.
described as (
    {%- for relation, own in flagged.items() %}
    select
        provider,
        extract,
        state,
        student_key,
        {{ own.get('school_year', 'school_year') }} as school_year,
        {{ own.get('entry_date', 'entry_date') }} as entry_date,
        source_file,
        source_row,
        delivery,
        {{ own.get('race', race_group()) }} as race,
        case sex when 'F' then 'female' when 'M' then 'male' end as gender,
        {{ group_or_complement('is_economically_disadvantaged', 'ed') }} as economic,
        {{ group_or_complement('is_english_learner', 'el') }} as language,
        {{ group_or_complement('is_idea', 'swd') }} as disability
    from {{ relation }}
    union all
    {%- endfor %}
    select
        provider,
        extract,
        state,
        student_key,
        school_year,
        entry_date,
        source_file,
        source_row,
        delivery,
        {{ race_group() }} as race,
        cast(null as string) as gender,
        case
            when lunch_eligibility = '96' then 'non_ed'
            when lunch_eligibility in ('01', '02', '09') then 'ed'
        end as economic,
        cast(null as string) as language,
        cast(null as string) as disability
    from vt_spells
    union all
    select
        provider,
        extract,
        state,
        student_key,
        school_year,
        cast(null as date) as entry_date,
        source_file,
        source_row,
        delivery,
        cast(null as string) as race,
        case gender when 'F' then 'female' when 'M' then 'male' end as gender,
        cast(null as string) as economic,
        cast(null as string) as language,
        cast(null as string) as disability
    from vt_identities
    union all
    select
        provider,
        extract,
        state,
        student_key,
        school_year,
        entry_date,
        source_file,
        source_row,
        delivery,
        case
            when not is_hispanic and is_two_or_more then 'two_or_more'
            else {{ race_group() }}
        end as race,
        case when sex in ('female', 'male') then sex end as gender,
        cast(null as string) as economic,
        cast(null as string) as language,
        cast(null as string) as disability
    from on_rosters
),

said as (
    {%- for category in categories %}
    select
        provider,
        extract,
        state,
        student_key,
        school_year,
        entry_date,
        source_file,
        source_row,
        delivery,
        {{ category }} as student_group
    from described
    where {{ category }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

{{ one_group_a_category('said') }}

select * from chosen
