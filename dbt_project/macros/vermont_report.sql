{#- CTEs that read Vermont's printed enrolment report, the same in both its forms. A row
    whose school is the supervisory union counts students whom the union itself serves,
    most of them in preschool: an organisation among the schools, never the sum of its
    schools. Both ungraded columns (EU elementary, SU secondary) become the one CEDS
    grade UG. A blank cell makes no row: for all 5,446 rows of the sixteen reports at
    hand the printed cells add up to the printed total. `unless`: the form that goes first. -#}
{%- macro vermont_report(extract, unless=none) -%}
    printed as (
        select * from {{ source('vt', extract) }}
        {%- if unless %}
        where _school_year not in (
            select other._school_year from {{ source('vt', unless) }} as other
        )
        {%- endif %}
    ),

    graded as (
        select
            *,
            case grade_label
                when 'PK/EEE' then 'PK'
                when 'K Part' then 'KP'
                when 'K Full' then 'KF'
                when 'EU' then 'UG'
                when 'SU' then 'UG'
                when 'PD' then 'PG'
                when 'AW' then 'AW'
                when 'Total' then 'all'
                else lpad(regexp_extract(grade_label, '^[0-9]+'), 2, '0')
            end as grade,
            {{ printed_count("replace(student_count, ',', '')") }} as students
        from printed
    ),

    added as (
        select
            lea_name,
            school_name,
            grade,
            _school_year,
            _source_file,
            _source_row,
            _delivery,
            -- A cell that is no number stays text, and the row is set aside.
            coalesce(
                max(student_count) filter (where students is null),
                cast(cast(sum(students) as bigint) as varchar)
            ) as count_token
        from graded
        group by all
    ),

    renamed as (
        select
            'vt' as provider,
            '{{ extract }}' as extract,
            case when school_name = 'Statewide Total' then 'state' else 'school' end
                as level,
            'VT' as state,
            cast(null as varchar) as lea_id_nces,
            cast(null as varchar) as lea_id_state,
            lea_name,
            cast(null as varchar) as school_id_nces,
            cast(null as varchar) as school_id_state,
            case when school_name != 'Statewide Total' then school_name end as school_name,
            _school_year as school_year,
            grade,
            'All Students' as student_group_label,
            count_token,
            _source_file as source_file,
            _source_row as source_row,
            _delivery as delivery
        from added
    ),

    {{ typed_head_counts('renamed') }}
{%- endmacro -%}
