/*
**What is this test?** A federal school id begins with its district's id, which begins
with its state's code.
**When is this important to resolve?** Before publishing: ids were damaged or shifted.
**How to resolve?** Compare the file with the publisher's; a spreadsheet may have saved it.
*/
select
    source_file,
    source_row,
from {{ ref('stg_us__edfacts_acgr') }}
where
    substr(school_id_nces, 1, 7) <> lea_id_nces
    or substr(school_id_nces, 1, 2) <> state
