-- What moved between two releases, and why. Asks for the catalogs `before` and `after`,
-- each with the published tables of one tier, and the variable hides_numbers: true where
-- a cell that either release hides must not show a number. Leaves the table `changes`.

-- Every row that is compared, under common names. Empty text stands for "does not
-- apply", so that keys join; `basis` is what a row rests on beside its numbers.
create or replace temp macro held_in(side) as table
select
    'school_outcomes' as changed_table, 'school' as level, state, school_key,
    school_name, '' as coalition_id, school_year, metric_id, student_group, provider,
    '' as target_model, value_status as status,
    coalesce(value_pct, value_low_pct) as low,
    coalesce(value_pct, value_high_pct) as high,
    numerator, denominator, cast(is_preferred as varchar) as basis,
    extract, source_file, source_row, delivery,
    null as target_low, null as target_high,
    null as basis_year, null as basis_group, true as is_held
from query_table(side || '.school_outcomes')
union all by name
select
    'lea_outcomes' as changed_table, 'lea' as level, state, lea_key as school_key,
    lea_name as school_name, '' as coalition_id, school_year, metric_id, student_group,
    provider, '' as target_model, value_status as status,
    coalesce(value_pct, value_low_pct) as low,
    coalesce(value_pct, value_high_pct) as high,
    numerator, denominator, cast(is_preferred as varchar) as basis,
    extract, source_file, source_row, delivery, true as is_held
from query_table(side || '.lea_outcomes')
union all by name
select
    'state_outcomes' as changed_table, 'state' as level, state, '' as school_key,
    '' as coalition_id, school_year, metric_id, student_group,
    provider, '' as target_model, value_status as status,
    coalesce(value_pct, value_low_pct) as low,
    coalesce(value_pct, value_high_pct) as high,
    numerator, denominator, cast(is_preferred as varchar) as basis,
    extract, source_file, source_row, delivery, true as is_held
from query_table(side || '.state_outcomes')
union all by name
select
    'coalition_outcomes' as changed_table, 'coalition' as level, '' as state,
    '' as school_key, coalition_id, school_year, metric_id, student_group,
    '' as provider, '' as target_model, value_status as status,
    coalesce(value_pct, value_low_pct) as low,
    coalesce(value_pct, value_high_pct) as high,
    numerator, denominator,
    concat_ws(' ', members_reporting_count, members_count, states_reporting_count)
        as basis,
    true as is_held
from query_table(side || '.coalition_outcomes')
union all by name
select
    'school_targets' as changed_table, 'school' as level, state, school_key,
    '' as coalition_id, school_year, metric_id, student_group, '' as provider,
    target_model, baseline_status as status,
    coalesce(target_pct, target_low_pct) as low,
    coalesce(target_pct, target_high_pct) as high,
    concat_ws(
        ' ', baseline_reason, baseline_year, baseline_not_meeting_low_pct,
        baseline_not_meeting_high_pct, goal_pct, is_override, target_year_means,
        rule_version
    ) as basis,
    baseline_year as basis_year, true as is_held
from query_table(side || '.school_targets')
union all by name
select
    'school_target_status' as changed_table, 'school' as level, state, school_key,
    '' as coalition_id, school_year, metric_id, student_group, '' as provider,
    target_model, verdict as status,
    coalesce(value_pct, value_low_pct) as low,
    coalesce(value_pct, value_high_pct) as high,
    coalesce(target_pct, target_low_pct) as target_low,
    coalesce(target_pct, target_high_pct) as target_high,
    concat_ws(
        ' ', value_status, interval_low_pct, interval_high_pct, baseline_year,
        baseline_not_meeting_low_pct, baseline_not_meeting_high_pct, goal_pct,
        is_override, rule_version
    ) as basis,
    true as is_held
from query_table(side || '.school_target_status')
union all by name
select
    'school_outlook' as changed_table, 'school' as level, state, school_key,
    '' as coalition_id, 0 as school_year, metric_id, student_group, '' as provider,
    '' as target_model, outlook as status, achieved_low_pct as low,
    achieved_high_pct as high,
    concat_ws(
        ' ', baseline_year, school_year, last_target_year, goal_pct,
        required_low_pct, required_high_pct, goal_year, rule_version
    ) as basis,
    true as is_held
from query_table(side || '.school_outlook')
union all by name
select
    'group_gaps' as changed_table, 'school' as level, state, school_key,
    school_name, '' as coalition_id, school_year, metric_id, student_group, provider,
    '' as target_model, gap as status, gap_low_points as low, gap_high_points as high,
    concat_ws(
        ' ', value_status, is_preferred, interval_low_points, interval_high_points
    ) as basis,
    complement_group as basis_group, true as is_held
from query_table(side || '.group_gaps');

-- Rows of one release alone, and rows whose numbers, status or basis differ.
create or replace temp table moved_rows as
select
    changed_table, level, state, school_key, coalition_id, school_year, metric_id,
    student_group, provider, target_model,
    coalesce(new.school_name, old.school_name) as school_name,
    old.is_held is not null as was_held,
    new.is_held is not null as is_held,
    old.status as old_status,
    new.status as new_status,
    old.low as old_low,
    old.high as old_high,
    new.low as new_low,
    new.high as new_high,
    old.numerator as old_numerator,
    old.denominator as old_denominator,
    new.numerator as new_numerator,
    new.denominator as new_denominator,
    coalesce(new.extract, old.extract) as extract,
    coalesce(new.source_file, old.source_file) as source_file,
    old.delivery as old_delivery,
    new.delivery as new_delivery,
    coalesce(new.source_row, old.source_row) as source_row,
    old.basis_year as old_basis_year,
    new.basis_year as new_basis_year,
    coalesce(new.basis_group, old.basis_group) as basis_group,
    (old.low, old.high, old.numerator, old.denominator)
    is distinct from (new.low, new.high, new.numerator, new.denominator)
        as is_value_moved,
    (old.target_low, old.target_high) is distinct from (new.target_low, new.target_high)
        as is_target_moved,
    old.status is distinct from new.status as is_status_moved
from held_in('before') as old
full join held_in('after') as new
    using (
        changed_table, level, state, school_key, coalition_id, school_year, metric_id,
        student_group, provider, target_model
    )
where
    (
        old.is_held, old.status, old.low, old.high, old.numerator, old.denominator,
        old.target_low, old.target_high, old.basis
    ) is distinct from (
        new.is_held, new.status, new.low, new.high, new.numerator, new.denominator,
        new.target_low, new.target_high, new.basis
    );

-- Accepted files that the release before did not have, or had and had replaced since.
create or replace temp table arrived as
select
    now_there.provider,
    now_there.extract,
    now_there.file,
    left(now_there.sha256, 8) as delivery,
    bool_or(earlier.file is not null) as is_restated
from after.deliveries as now_there
anti join before.deliveries as known
    on
        now_there.provider = known.provider
        and now_there.extract = known.extract
        and now_there.sha256 = known.sha256
        and now_there.landed_at = known.landed_at
        and known.status = 'validated'
left join before.deliveries as earlier
    on
        now_there.provider = earlier.provider
        and now_there.extract = earlier.extract
        and now_there.file = earlier.file
        and earlier.status = 'validated'
where now_there.status = 'validated'
group by all;

-- Rules whose digests differ. Those of targets and coalitions move nothing else; what is
-- printed by reports moves no number at all.
create or replace temp table rules_changed as
with seeds as (
    select
        coalesce(old.kind, new.kind) as kind,
        coalesce(old.name, new.name) as name
    from before.rule_digests as old
    full join after.rule_digests as new
        on old.kind = new.kind and old.name = new.name
    where old.digest is distinct from new.digest
)

select
    kind,
    name,
    case
        when kind <> 'seed' then kind
        when name in (
            'target_rules', 'target_decreases', 'target_models', 'metric_goals',
            'metric_lags', 'metric_breaks', 'school_target_overrides'
        ) then 'targets'
        when name like 'coalition%' then 'coalitions'
        when name like 'printed%' then 'nothing'
        else 'outcomes'
    end as bears_on
from seeds;

-- A reason is one text, why and detail with a tab between: texts are compared fast.
-- What to say of a row that no file and no other row explains, the likeliest first.
create or replace temp macro rule_or_code(bears_on_these) as (
    select coalesce(
        (
            select 'rule_changed' || chr(9) || string_agg(name, ', ' order by name)
            from rules_changed
            where list_contains(bears_on_these, bears_on)
            having count(*) > 0
        ),
        (
            select 'code_changed' || chr(9) || 'other code than before'
            from rules_changed
            where kind = 'code'
            having count(*) > 0
        ),
        'not_known' || chr(9) || 'neither file, rule nor code is another'
    )
);

-- The reason of each outcome that moved: its file, its key, its contract, else the rules.
create or replace temp table outcome_reasons as
with outcomes as (
    select * from moved_rows
    where changed_table in ('school_outcomes', 'lea_outcomes', 'state_outcomes')
),

-- The same cell of the same file under another key.
rekeyed as (
    select
        gone.changed_table,
        gone.school_key as old_key,
        came.school_key as new_key,
        came.provider,
        came.school_year,
        came.metric_id,
        came.student_group
    from outcomes as gone
    inner join outcomes as came
        on
            gone.changed_table = came.changed_table
            and gone.provider = came.provider
            and gone.extract = came.extract
            and gone.old_delivery = came.new_delivery
            and gone.source_file = came.source_file
            and gone.source_row = came.source_row
            and gone.school_year = came.school_year
            and gone.metric_id = came.metric_id
            and gone.student_group = came.student_group
    where not gone.is_held and not came.was_held
),

rekeyed_schools as (
    select changed_table, old_key as school_key,
        min(old_key || ' is now ' || new_key) as detail
    from rekeyed
    group by all
    union
    select changed_table, new_key as school_key,
        min(old_key || ' is now ' || new_key) as detail
    from rekeyed
    group by all
),

arrived_of_extract as (
    select provider, extract, min(file) as file, bool_and(is_restated) as is_restated
    from arrived
    group by all
),

-- Computed rates name no file: they rest on the extracts that print no outcome.
records as (
    select
        string_agg(
            distinct provider || '/' || extract, ', ' order by provider || '/' || extract
        ) as detail,
        bool_and(is_restated) as is_restated
    from arrived
    where (provider, extract) not in (
        select distinct (provider, extract) from after.school_outcomes
        where extract is not null
    )
),

direct as (
    select
        outcomes.*,
        case
            when rekeyed.old_key is not null
                then 'school_identity_changed' || chr(9)
                    || rekeyed.old_key || ' is now ' || rekeyed.new_key
            when arrived.file is not null
                then if(arrived.is_restated, 'restated_delivery', 'new_delivery')
                    || chr(9) || arrived.file
            when outcomes.source_file is null and rekeyed_schools.detail is not null
                then 'school_identity_changed' || chr(9) || rekeyed_schools.detail
            when outcomes.source_file is null and arrived_of_extract.file is not null
                then if(
                    arrived_of_extract.is_restated, 'restated_delivery', 'new_delivery'
                ) || chr(9) || arrived_of_extract.file
            when outcomes.provider = 'computed' and records.detail is not null
                then if(records.is_restated, 'restated_delivery', 'new_delivery')
                    || chr(9) || records.detail
        end as reason
    from outcomes
    cross join records
    left join rekeyed
        on
            outcomes.changed_table = rekeyed.changed_table
            and outcomes.school_key in (rekeyed.old_key, rekeyed.new_key)
            and outcomes.provider = rekeyed.provider
            and outcomes.school_year = rekeyed.school_year
            and outcomes.metric_id = rekeyed.metric_id
            and outcomes.student_group = rekeyed.student_group
    left join arrived
        on
            outcomes.provider = arrived.provider
            and outcomes.extract = arrived.extract
            and outcomes.source_file = arrived.file
            and coalesce(outcomes.new_delivery, arrived.delivery) = arrived.delivery
    left join rekeyed_schools
        on
            outcomes.changed_table = rekeyed_schools.changed_table
            and outcomes.school_key = rekeyed_schools.school_key
    left join arrived_of_extract
        on
            outcomes.provider = arrived_of_extract.provider
            and outcomes.extract = arrived_of_extract.extract
    qualify row_number() over (
        partition by
            outcomes.changed_table, outcomes.state, outcomes.school_key,
            outcomes.school_year, outcomes.metric_id, outcomes.student_group,
            outcomes.provider
        order by rekeyed.old_key, arrived.file
    ) = 1
)

-- Where nothing but its preference moved, another provider's row of the cell did it.
select
    direct.* exclude (reason),
    coalesce(
        direct.reason,
        max(direct.reason) over (
            partition by
                direct.changed_table, direct.state, direct.school_key,
                direct.school_year, direct.metric_id, direct.student_group
        ),
        case
            when contract.name is not null
                then 'contract_changed' || chr(9) || contract.name
        end,
        rule_or_code(['outcomes'])
    ) as reason
from direct
left join rules_changed as contract
    on
        contract.kind = 'contract'
        and contract.name = direct.provider || '/' || direct.extract;

-- A target moves with its baseline, else by a rule of targets.
create or replace temp table target_reasons as
select
    target.*,
    coalesce(
        (
            select min(outcome.reason)
            from outcome_reasons as outcome
            where
                outcome.changed_table = 'school_outcomes'
                and outcome.school_key = target.school_key
                and outcome.metric_id = target.metric_id
                and outcome.student_group = target.student_group
                and (
                    outcome.school_year = target.old_basis_year
                    or outcome.school_year = target.new_basis_year
                )
        ),
        rule_or_code(['targets', 'outcomes'])
    ) as reason
from moved_rows as target
where target.changed_table = 'school_targets';

-- A verdict and an outlook move with the outcome, else with the target.
create or replace temp table status_reasons as
with outcome_of_year as (
    select school_key, metric_id, student_group, school_year, min(reason) as reason
    from outcome_reasons
    where changed_table = 'school_outcomes'
    group by all
),

outcome_of_series as (
    select
        school_key, metric_id, student_group,
        max_by(reason, row(school_year, reason)) as reason
    from outcome_of_year
    group by all
),

target_of_series as (
    select school_key, metric_id, student_group, min(reason) as reason
    from target_reasons
    group by all
)

select
    moved.*,
    coalesce(
        outcome_of_year.reason,
        target.reason,
        outcome_of_series.reason,
        target_of_series.reason,
        rule_or_code(['targets', 'outcomes'])
    ) as reason
from moved_rows as moved
left join outcome_of_year
    using (school_key, metric_id, student_group, school_year)
left join target_reasons as target
    using (school_key, metric_id, student_group, school_year, target_model)
left join outcome_of_series
    using (school_key, metric_id, student_group)
left join target_of_series
    using (school_key, metric_id, student_group)
where moved.changed_table in ('school_target_status', 'school_outlook');

-- A gap moves with the rate of either group.
create or replace temp table gap_reasons as
with reasons as (
    select school_key, metric_id, student_group, school_year, provider,
        min(reason) as reason
    from outcome_reasons
    where changed_table = 'school_outcomes'
    group by all
)

select
    gap.*,
    coalesce(own.reason, other.reason, rule_or_code(['outcomes'])) as reason
from moved_rows as gap
left join reasons as own
    on
        gap.school_key = own.school_key
        and gap.metric_id = own.metric_id
        and gap.student_group = own.student_group
        and gap.school_year = own.school_year
        and gap.provider = own.provider
left join reasons as other
    on
        gap.school_key = other.school_key
        and gap.metric_id = other.metric_id
        and gap.basis_group = other.student_group
        and gap.school_year = other.school_year
        and gap.provider = other.provider
where gap.changed_table = 'group_gaps';

-- A pooled rate moves with its members; where several reasons did it, with the commonest.
create or replace temp table coalition_reasons as
with members as (
    select coalition_id, school_key from before.bridge_coalition_school
    union
    select coalition_id, school_key from after.bridge_coalition_school
),

counted as (
    select
        members.coalition_id,
        outcome.school_year,
        outcome.metric_id,
        outcome.student_group,
        outcome.reason,
        count(*) as rows_count
    from outcome_reasons as outcome
    inner join members
        on outcome.school_key = members.school_key
    where outcome.changed_table = 'school_outcomes'
    group by all
),

commonest as (
    select coalition_id, school_year, metric_id, student_group,
        first(reason order by rows_count desc, reason) as reason
    from counted
    group by all
)

select
    pooled.*,
    coalesce(commonest.reason, rule_or_code(['coalitions', 'outcomes'])) as reason
from moved_rows as pooled
left join commonest
    on
        pooled.coalition_id = commonest.coalition_id
        and pooled.school_year = commonest.school_year
        and pooled.metric_id = commonest.metric_id
        and pooled.student_group = commonest.student_group
where pooled.changed_table = 'coalition_outcomes';

create or replace temp table changes as
with explained as (
    from outcome_reasons
    union all by name
    from target_reasons
    union all by name
    from status_reasons
    union all by name
    from gap_reasons
    union all by name
    from coalition_reasons
),

judged as (
    select
        *,
        getvariable('hides_numbers') and (
            coalesce(old_status, '') = 'suppressed'
            or coalesce(new_status, '') = 'suppressed'
        ) as is_hidden
    from explained
),

named as (
    select
        judged.*,
        coalesce(judged.school_name, school.school_name) as place_name,
        old_receipt.sha256 as old_sha256,
        new_receipt.sha256 as new_sha256
    from judged
    left join after.dim_school as school
        on judged.school_key = school.school_key
    left join before.deliveries as old_receipt
        on
            judged.provider = old_receipt.provider
            and judged.extract = old_receipt.extract
            and judged.old_delivery = left(old_receipt.sha256, 8)
    left join after.deliveries as new_receipt
        on
            judged.provider = new_receipt.provider
            and judged.extract = new_receipt.extract
            and judged.new_delivery = left(new_receipt.sha256, 8)
)

select
    changed_table,
    level,
    nullif(state, '') as state,
    nullif(school_key, '') as school_key,
    place_name as school_name,
    nullif(coalition_id, '') as coalition_id,
    nullif(school_year, 0) as school_year,
    metric_id,
    student_group,
    nullif(provider, '') as provider,
    nullif(target_model, '') as target_model,
    case
        when not was_held then 'appeared'
        when not is_held then 'gone'
        else coalesce(nullif(concat_ws(
            ', ',
            case
                when is_value_moved and not is_hidden and changed_table = 'school_targets'
                    then 'target'
                when is_value_moved and not is_hidden then 'value'
            end,
            case when is_target_moved and not is_hidden then 'target' end,
            case
                when is_status_moved then case changed_table
                    when 'school_target_status' then 'verdict'
                    when 'school_outlook' then 'outlook'
                    when 'group_gaps' then 'gap'
                    else 'status'
                end
            end
        ), ''), 'basis')
    end as moved,
    old_status,
    new_status,
    case when not is_hidden then old_low end as old_low,
    case when not is_hidden then old_high end as old_high,
    case when not is_hidden then new_low end as new_low,
    case when not is_hidden then new_high end as new_high,
    case when not is_hidden then old_numerator end as old_numerator,
    case when not is_hidden then old_denominator end as old_denominator,
    case when not is_hidden then new_numerator end as new_numerator,
    case when not is_hidden then new_denominator end as new_denominator,
    split_part(reason, chr(9), 1) as why,
    split_part(reason, chr(9), 2) as why_detail,
    old_sha256,
    new_sha256
from named;
