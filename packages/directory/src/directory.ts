import { ask } from '@erp-steward/messaging/statement'
import { EntitySchema, type EntityManager } from 'typeorm'
import { permissions, type Permission, type Role } from '@erp-steward/contracts/permissions'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { AccountStanding } from '@erp-steward/contracts/values'

/** A unit, copied from identity by event. */
export interface Unit {
  id: string
  code: string
  name: string
  /** Whether its people use the ERP, so that it has key users of its own and is inspected every day. */
  usesErp: boolean
  active: boolean
  /** Of identity's row; 0 for a row copied before versions were stated. */
  version: number
}

export const UnitEntity = new EntitySchema<Unit>({
  name: 'Unit',
  tableName: 'unit',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'unit_pkey' },
    code: { type: 'text' },
    name: { type: 'text' },
    usesErp: { type: 'boolean', name: 'uses_erp' },
    active: { type: 'boolean' },
    version: { type: 'integer' },
  },
})

/** A department of one unit, copied from identity by event. */
export interface Department {
  id: string
  unitId: string
  /** Unique within the unit. */
  code: string
  name: string
  active: boolean
  /** Of identity's row. */
  version: number
}

export const DepartmentEntity = new EntitySchema<Department>({
  name: 'Department',
  tableName: 'department',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'department_pkey' },
    unitId: { type: 'uuid', name: 'unit_id' },
    code: { type: 'text' },
    name: { type: 'text' },
    active: { type: 'boolean' },
    version: { type: 'integer' },
  },
})

/** An EBS module, copied from identity by event. */
export interface Module {
  code: string
  name: string
  active: boolean
  /** As a unit's. */
  version: number
}

export const ModuleEntity = new EntitySchema<Module>({
  name: 'Module',
  tableName: 'module',
  columns: {
    code: { type: 'text', primary: true, primaryKeyConstraintName: 'module_pkey' },
    name: { type: 'text' },
    active: { type: 'boolean' },
    version: { type: 'integer' },
  },
})

/** A person, copied from identity by event: whom a duty or a fact is about is told by the id, never by a name. */
export interface Person {
  id: string
  unitId: string
  /** `null` for a row copied before departments were, until the next event about the person. */
  departmentId: string | null
  /** Sealed; only a service that writes to people opens it. `null` without an address. */
  email: string | null
  active: boolean
  /** As a unit's. */
  version: number
  /** State of the account, an administrator's too; `none` until identity has stated one. */
  accountStatus: AccountStanding
  /** Roles in force. */
  roles: string[]
  /** Of the last statement about account and roles; 0 before the first. */
  standingVersion: number
}

export const PersonEntity = new EntitySchema<Person>({
  name: 'Person',
  tableName: 'person',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'person_pkey' },
    unitId: { type: 'uuid', name: 'unit_id' },
    departmentId: { type: 'uuid', name: 'department_id', nullable: true },
    email: { type: 'text', nullable: true },
    active: { type: 'boolean' },
    version: { type: 'integer' },
    accountStatus: { type: 'text', name: 'account_status', default: 'none' },
    roles: { type: 'text', array: true, default: '{}' },
    standingVersion: { type: 'integer', name: 'standing_version', default: 0 },
  },
  checks: [
    {
      name: 'person_email_sealed_check',
      expression: `email ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'`,
    },
  ],
})

/** What a person was until an instant: one row for each change of department or roles. */
export interface PersonPast {
  personId: string
  /** Of the row that it was. */
  version: number
  standingVersion: number
  unitId: string
  departmentId: string | null
  roles: string[]
  /** When the copy learned that it is over. */
  until: Date
}

export const PersonPastEntity = new EntitySchema<PersonPast>({
  name: 'PersonPast',
  tableName: 'person_past',
  columns: {
    personId: {
      type: 'uuid',
      name: 'person_id',
      primary: true,
      primaryKeyConstraintName: 'person_past_pkey',
    },
    version: { type: 'integer', primary: true, primaryKeyConstraintName: 'person_past_pkey' },
    standingVersion: {
      type: 'integer',
      name: 'standing_version',
      primary: true,
      primaryKeyConstraintName: 'person_past_pkey',
    },
    unitId: { type: 'uuid', name: 'unit_id' },
    departmentId: { type: 'uuid', name: 'department_id', nullable: true },
    roles: { type: 'text', array: true },
    until: { type: 'timestamptz' },
  },
})

/** What a service lists among its entities to have the copy. */
export const directoryEntities = [
  UnitEntity,
  DepartmentEntity,
  ModuleEntity,
  PersonEntity,
  PersonPastEntity,
]

/** Whether the unit is known here and not closed. */
export async function unitExists(tx: EntityManager, id: string): Promise<boolean> {
  return tx.existsBy(UnitEntity, { id, active: true })
}

const ACTIVE_UNIT = {
  name: 'active unit',
  text: `select id, code, name, uses_erp as "usesErp", active, version from unit where id = $1 and active`,
  reads: ['unit'],
}

const ACTIVE_MODULE = {
  name: 'active module',
  text: `select code, name, active, version from module where code = $1 and active`,
  reads: ['module'],
}

/** @throws Problem `unit-unknown` if the unit is not known or closed */
export async function activeUnit(tx: EntityManager, id: string): Promise<Unit> {
  const [unit] = await ask<Unit>(tx, ACTIVE_UNIT, [id])
  if (unit === undefined)
    throw new Problem(
      'unit-unknown',
      said(`There is no active unit ${id}.`, `没有启用的单位 ${id}。`),
    )
  return unit
}

/** @throws Problem `module-unknown` if the module is not known or withdrawn */
export async function activeModule(tx: EntityManager, code: string): Promise<Module> {
  const [module] = await ask<Module>(tx, ACTIVE_MODULE, [code])
  if (module === undefined)
    throw new Problem(
      'module-unknown',
      said(`There is no active module ${code}.`, `没有启用的模块 ${code}。`),
    )
  return module
}

/**
 * The person, who cannot leave before the transaction ends: whoever gets a duty and leaves at once would keep it.
 * `null` if the person is not known or has left.
 */
export async function heldPerson(tx: EntityManager, id: string): Promise<Person | null> {
  return tx.findOne(PersonEntity, {
    where: { id, active: true },
    lock: { mode: 'pessimistic_read' },
  })
}

/**
 * As `heldPerson`.
 *
 * @throws Problem `person-unknown` if the person is not known or has left
 */
export async function activePerson(tx: EntityManager, id: string): Promise<Person> {
  const person = await heldPerson(tx, id)
  if (person === null)
    throw new Problem(
      'person-unknown',
      said(`There is no active person ${id}.`, `没有在职人员 ${id}。`),
    )
  return person
}

/**
 * Whether the person may do it now: is here, has a usable account, and a role that holds the permission. Asked for duties,
 * rosters, owners and approvers, when they are named and when they act.
 */
export function mayDo(
  { active, accountStatus, roles }: Pick<Person, 'active' | 'accountStatus' | 'roles'>,
  permission: Permission,
): boolean {
  const holders: readonly Role[] = permissions[permission]
  return active && accountStatus === 'active' && holders.some((role) => roles.includes(role))
}
