import { EntitySchema, type EntityManager } from 'typeorm'
import type { Act } from '@erp-steward/contracts/act'

/** What somebody had to do with a client. Whoever approved it checked another's wish and controls nothing. */
export type ControllerPart = 'asked' | 'approved' | 'first-half' | 'second-half'

/** Who stands behind a client: by the account at the time, and by the person if the account had one. */
export interface ClientController {
  clientId: string
  actor: string
  part: ControllerPart
  personId: string | null
  since: Date
}

export const ClientControllerEntity = new EntitySchema<ClientController>({
  name: 'ClientController',
  tableName: 'client_controller',
  columns: {
    clientId: {
      type: 'uuid',
      name: 'client_id',
      primary: true,
      primaryKeyConstraintName: 'client_controller_pkey',
    },
    actor: {
      type: 'text',
      primary: true,
      primaryKeyConstraintName: 'client_controller_pkey',
    },
    part: {
      type: 'text',
      primary: true,
      primaryKeyConstraintName: 'client_controller_pkey',
    },
    personId: { type: 'uuid', name: 'person_id', nullable: true },
    since: { type: 'timestamptz' },
  },
  foreignKeys: [
    {
      name: 'client_controller_client_id_fkey',
      target: 'Client',
      columnNames: ['client_id'],
      referencedColumnNames: ['id'],
    },
  ],
  checks: [
    {
      name: 'client_controller_part_check',
      expression: `part in ('asked', 'approved', 'first-half', 'second-half')`,
    },
  ],
})

/** Notes the part that the actor has in a client, once. */
export async function noteController(
  tx: EntityManager,
  clientId: string,
  part: ControllerPart,
  { actor, personId, now }: Act,
): Promise<void> {
  await tx.query(
    `insert into client_controller (client_id, actor, part, person_id, since) values ($1, $2, $3, $4, $5)
     on conflict on constraint client_controller_pkey do update
       set person_id = excluded.person_id, since = excluded.since`,
    [clientId, actor, part, personId, now],
  )
}

/**
 * The people who can act through the client `client.id`, as a query: who asked for it and who had a part of its secret, also
 * when their account was given to a person only later. A part of an earlier secret counts on, for nobody knows what was
 * copied.
 */
export const CONTROLLERS = `
  select distinct person.id
    from client_controller
    left join account on account.id::text = client_controller.actor
    cross join lateral (values (client_controller.person_id), (account.person_id)) as person (id)
   where client_id = client.id and part <> 'approved' and person.id is not null
   order by person.id`
