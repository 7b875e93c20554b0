import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'

/** A unit, copied from identity by event. */
export interface Unit {
  id: string
  code: string
  name: string
  /** Whether the ERP is run there, so that it is inspected every day. */
  inspected: boolean
  active: boolean
}

export const UnitEntity = new EntitySchema<Unit>({
  name: 'Unit',
  tableName: 'unit',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'unit_pkey' },
    code: { type: 'text' },
    name: { type: 'text' },
    inspected: { type: 'boolean' },
    active: { type: 'boolean' },
  },
})

/** An EBS module, copied from identity by event. */
export interface Module {
  code: string
  name: string
  active: boolean
}

export const ModuleEntity = new EntitySchema<Module>({
  name: 'Module',
  tableName: 'module',
  columns: {
    code: { type: 'text', primary: true, primaryKeyConstraintName: 'module_pkey' },
    name: { type: 'text' },
    active: { type: 'boolean' },
  },
})

/** A person, copied from identity by event. */
export interface Person {
  id: string
  name: string
  unitId: string
  active: boolean
}

export const PersonEntity = new EntitySchema<Person>({
  name: 'Person',
  tableName: 'person',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'person_pkey' },
    name: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id' },
    active: { type: 'boolean' },
  },
})

/** @throws Problem `unit-unknown` if the unit is not known or closed */
export async function assertUnit(tx: EntityManager, id: string): Promise<void> {
  if (!(await tx.existsBy(UnitEntity, { id, active: true })))
    throw new Problem('unit-unknown', `There is no active unit ${id}.`)
}

/** @throws Problem `module-unknown` if a module is named and is not known or withdrawn */
export async function assertModule(tx: EntityManager, code: string | null): Promise<void> {
  if (code !== null && !(await tx.existsBy(ModuleEntity, { code, active: true })))
    throw new Problem('module-unknown', `There is no active module ${code}.`)
}

/** @throws Problem `person-unknown` if the person is not known or has left */
export async function assertPerson(tx: EntityManager, id: string): Promise<void> {
  if (!(await tx.existsBy(PersonEntity, { id, active: true })))
    throw new Problem('person-unknown', `There is no active person ${id}.`)
}
