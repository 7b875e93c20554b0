import {
  DepartmentChanged,
  ModuleChanged,
  PersonChanged,
  StandingChanged,
  UnitChanged,
} from '@erp-steward/contracts/directory-events'
import { on, type Subscription } from '@erp-steward/messaging/consumer'

/** Suppliers and service companies have people and accounts, but no ERP of their own. */
const WITH_ERP: readonly string[] = ['HEADQUARTERS', 'USER_UNIT']

const REMEMBER = `insert into person_past
    (person_id, version, standing_version, unit_id, department_id, roles, until)
  select id, version, standing_version, unit_id, department_id, roles, $2 from person where id = $1`

/**
 * Keep a service's copy of the directory. Each event carries the whole state with its version, and an older one that
 * comes late, or is handed in again, changes nothing.
 *
 * A service that must do more when a person leaves subscribes to `PersonChanged` besides, after these, and asks the copy
 * whether the event is still true.
 */
export const directorySubscriptions: readonly Subscription[] = [
  on(UnitChanged, async (tx, { data }) => {
    const { unitId, code, name, kind, active, version } = data
    await tx.query(
      `insert into unit (id, code, name, uses_erp, active, version) values ($1, $2, $3, $4, $5, $6)
       on conflict (id) do update
       set code = excluded.code, name = excluded.name, uses_erp = excluded.uses_erp,
           active = excluded.active, version = excluded.version
       where unit.version < excluded.version`,
      [unitId, code, name, WITH_ERP.includes(kind), active, version],
    )
  }),
  on(DepartmentChanged, async (tx, { data }) => {
    const { departmentId, unitId, code, name, active, version } = data
    await tx.query(
      `insert into department (id, unit_id, code, name, active, version) values ($1, $2, $3, $4, $5, $6)
       on conflict (id) do update
       set unit_id = excluded.unit_id, code = excluded.code, name = excluded.name,
           active = excluded.active, version = excluded.version
       where department.version < excluded.version`,
      [departmentId, unitId, code, name, active, version],
    )
  }),
  on(ModuleChanged, async (tx, { data }) => {
    const { code, name, active, version } = data
    await tx.query(
      `insert into module (code, name, active, version) values ($1, $2, $3, $4)
       on conflict (code) do update
       set name = excluded.name, active = excluded.active, version = excluded.version
       where module.version < excluded.version`,
      [code, name, active, version],
    )
  }),
  on(PersonChanged, async (tx, { data }, { now }) => {
    const { personId, unitId, departmentId, email, active, version } = data
    await tx.query(
      `${REMEMBER} and version < $3 and (unit_id <> $4 or department_id is distinct from $5)
       on conflict do nothing`,
      [personId, now, version, unitId, departmentId],
    )
    await tx.query(
      `insert into person (id, unit_id, department_id, email, active, version)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (id) do update
       set unit_id = excluded.unit_id, department_id = excluded.department_id, email = excluded.email,
           active = excluded.active, version = excluded.version
       where person.version < excluded.version`,
      [personId, unitId, departmentId, email, active, version],
    )
  }),
  on(StandingChanged, async (tx, { data }, { now }) => {
    const { personId, accountStatus, roles, version } = data
    await tx.query(
      `${REMEMBER} and standing_version < $3 and roles <> '{}' and roles <> $4
       on conflict do nothing`,
      [personId, now, version, roles],
    )
    const [, known]: [unknown, number] = await tx.query(
      `update person
          set account_status = case when standing_version < $4 then $2 else account_status end,
              roles = case when standing_version < $4 then $3 else roles end,
              standing_version = greatest(standing_version, $4)
        where id = $1 returning id`,
      [personId, accountStatus, roles, version],
    )
    // The person comes first under the same key; where that event was parked, this one waits for it.
    if (known === 0) throw new Error(`person ${personId} is not known here yet`)
  }),
]
