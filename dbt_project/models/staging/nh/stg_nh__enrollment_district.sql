-- Enrolment on October 1 by district. Elementary, middle and high are kinds of schools,
-- not grades: a district's grade 6 may stand in any of them, so they are not read.
with printed as (
    select * from {{ source('nh', 'enrollment_district') }}
),

shared_numbers as (
    select * from {{ ref('nh_shared_district_numbers') }}
),

-- A unit that is printed under the number of the district beside it is known by its
-- name: under the number, two rows would be one district's.
named as (
    select
        printed.* exclude (lea_id_state),
        case when shared_numbers.district_name is null then printed.lea_id_state end
            as lea_id_state,
        printed.district_name = 'State Totals' as is_state
    from printed
    left join shared_numbers
        on
            printed.lea_id_state = shared_numbers.lea_id_state
            and printed.district_name = shared_numbers.district_name
),

{{ nh_head_counts('enrollment_district', 'lea', [
    ('PK', 'preschool'),
    ('KG', 'kindergarten'),
    ('PG', 'postgraduate'),
    ('all', 'total'),
]) }}

select * from typed
