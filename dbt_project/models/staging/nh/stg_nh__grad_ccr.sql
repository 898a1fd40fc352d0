-- The state's report card. Its "adjusted 4 and 5 year cohort graduation rates" are
-- federal ones (20 USC 7801(25)). Its dropout rate divides by the enrolment of October
-- 1 and those who dropped out before it, which the federal event rate does not; it is
-- not carried on to a cumulative rate, since nobody printed one. In which window a
-- completer must enter college the page does not say.
with printed as (
    select * from {{ source('nh', 'grad_ccr') }}
    where {{ nh_grad_ccr_is_read() }}
),

renamed as (
    select
        'nh' as provider,
        'grad_ccr' as extract,
        case
            when school_id_state is not null then 'school'
            when lea_id_state is not null then 'lea'
            else 'state'
        end as level,
        'NH' as state,
        cast(null as varchar) as lea_id_nces,
        lea_id_state,
        district_name as lea_name,
        cast(null as varchar) as school_id_nces,
        school_id_state,
        school_name,
        _school_year as school_year,
        case category
            when 'Four Year Graduation Rate' then 'acgr_4yr'
            when 'Five Year Graduation Rate' then 'acgr_5yr'
            when 'Annual Drop-out Rate' then 'dropout_event_nh'
            when 'Post-Secondary Enrollment Rate' then 'pse_nh'
            when '2-Year Post-Secondary Enrollment Rate' then 'pse_2yr_nh'
            when '4-Year Post-Secondary Enrollment Rate' then 'pse_4yr_nh'
        end as metric_id,
        student_group_label,
        cast(null as varchar) as numerator_token,
        cast(null as varchar) as denominator_token,
        {{ percent_token('rate') }} as value_token,
        case
            when category like '%Graduation Rate' then 'acgr_34cfr200_19'
            when category = 'Annual Drop-out Rate' then 'nh_event_dropout'
            else 'nh_ireport_postsecondary'
        end as definition_id,
        cast(null as date) as data_as_of,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
),

{{ typed_outcomes('renamed') }}

select * from typed
