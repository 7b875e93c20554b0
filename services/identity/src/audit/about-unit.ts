import {
  DepartmentChanged,
  ModuleChanged,
  PersonChanged,
  PositionChanged,
  UnitChanged,
} from '@erp-steward/contracts/directory-events'

const list = (definitions: readonly { readonly type: string }[]) =>
  definitions.map(({ type }) => `'${type}'`).join(', ')

/** Facts about the register, which concern every unit. */
const REGISTER = list([UnitChanged, DepartmentChanged, PositionChanged, ModuleChanged])

const UUID = `'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`

/**
 * Whether a fact concerns a unit, as a condition of SQL: `record` is the alias of `audit_record`, `unit` an expression of a
 * UUID. What a fact says of units itself counts first. One that says nothing of them is about the unit where the person, the
 * account's person or the machine belongs now; of whatever else about the one that the first fact about it stated, for a
 * ticket, a change or a target stays where it was opened. Who moves away concerns both units. The unit in the envelope is the
 * actor's, and says nothing of that.
 */
export function aboutUnit(record: string, unit: string): string {
  const data = `(${record}.envelope::json -> 'data')`
  // Compared as text: what an old fact has in the place of an id must not stop the ledger.
  return `(
    ${record}.type in (${REGISTER})
    or case
         when ${data} -> 'unitId' is not null then ${data} ->> 'unitId' = ${unit}::text
         when json_typeof(${data} -> 'unitIds') = 'array'
           then ${unit}::text in (select json_array_elements_text(${data} -> 'unitIds'))
         else ${unit}::text = (
           select coalesce(
                    (select unit_id::text from person where person.id = asked.id),
                    (select person.unit_id::text from account join person on person.id = account.person_id
                      where account.id = asked.id),
                    (select unit_id::text from client where client.id = asked.id),
                    (select first.envelope::json -> 'data' ->> 'unitId' from audit_record first
                      where first.subject = ${record}.subject order by first.seq limit 1))
             from (select case when ${record}.subject ~ ${UUID} then ${record}.subject::uuid end as id) as asked)
       end
    or ${record}.type in (${list([PersonChanged])}) and ${unit}::text = (
         select earlier.envelope::json -> 'data' ->> 'unitId' from audit_record earlier
          where earlier.subject = ${record}.subject and earlier.type = ${record}.type and earlier.seq < ${record}.seq
          order by earlier.seq desc limit 1))`
}
