{{ config(severity='warn') }}
/*
**What is this test?** Rows of the crosswalk, the League's list or the federal file that
contradict another row or themselves. They are set aside or counted once; nothing else
is held up.
**When is this important to resolve?** Soon: the schools of these rows lack what they say.
**How to resolve?** Give rows of the crosswalk a first_year and a last_year that do not
meet, or take the wrong one out; correct the days of the membership; compare a federal id
with the publisher's file, which a spreadsheet may have saved.
*/
select * from {{ ref('contradicting_rows') }}
