/*
**What is this test?** Each row of a submission names the school year that the first
line of its file names; the file's year is the one that the warehouse uses.
**When is this important to resolve?** Before publishing: a row counts for another
class.
**How to resolve?** Ask the state for the file again, under the same name: it replaces
the one that is wrong here.
*/
with printed as (
    select * from {{ source('nessc', 'common_metrics_submission') }}
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
    where provider = 'nessc' and extract = 'common_metrics_submission'
),

misplaced as (
    select
        printed._source_file,
        printed._source_row,
    from printed
    inner join deliveries
        on printed._delivery = deliveries.delivery
    where
        printed.school_year <> format(
            '{}-{:02d}', printed._school_year - 1, printed._school_year % 100
        )
)

select * from misplaced
