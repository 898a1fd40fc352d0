/*
**What is this test?** Every exit, entry, diploma and outcome code of students' records
has a category. Until then its students count as unknown.
**When is this important to resolve?** Before publishing: unknown counts as dropped out.
**How to resolve?** Add the code to the seed that code_list names, with its source.
*/
select
    provider,
    extract,
    code_list,
    code,
    row_count,
from {{ ref('int_unmapped_codes') }}
