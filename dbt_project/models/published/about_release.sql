-- Which release a file is. The build cannot know; the row is put in when a release is
-- written (plugins/common_metrics/publication/candidate.py). Here stand the columns.
with columns as (
    select
        cast(null as varchar) as release_id,
        cast(null as timestamp) as built_at,
        cast(null as varchar) as code_version
)

select * from columns
where false
