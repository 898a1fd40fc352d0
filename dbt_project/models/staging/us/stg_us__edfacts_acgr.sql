-- One row a school in the file, one row a school and student group here. A rate is
-- printed as a whole number, a range, or a bound, by the size of the cohort.
{%- set groups = [
    'all', 'mam', 'mas', 'mbl', 'mhi', 'mtr', 'mwh', 'cwd', 'ecd', 'lep',
] %}

with printed as (
    select * from {{ source('us', 'edfacts_acgr') }}
),

unpivoted as (
    {%- for group in groups %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        *,
        '{{ group | upper }}' as student_group_label,
        {{ group }}_cohort as denominator_token,
        {{ group }}_rate as value_token
    from printed
    {%- endfor %}
),

renamed as (
    select
        'us' as provider,
        'edfacts_acgr' as extract,
        'school' as level,
        state_fips as state,
        lea_id_nces,
        cast(null as varchar) as lea_id_state,
        lea_name,
        school_id_nces,
        cast(null as varchar) as school_id_state,
        school_name,
        _school_year as school_year,
        'acgr_4yr' as metric_id,
        student_group_label,
        cast(null as varchar) as numerator_token,
        denominator_token,
        value_token,
        'acgr_34cfr200_19' as definition_id,
        cast(try_strptime(as_of_date, '%d%b%y') as date) as data_as_of,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from unpivoted
),

{{ typed_outcomes('renamed') }}

select * from typed
