import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * What a client of SCIM keeps of a person and the register does not, sealed; and a role for such clients, which may do
 * nothing else.
 */
export class CreateScimProfile1790000098300 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table scim_profile (
        person_id uuid not null,
        provider text not null,
        external_id_lookup text,
        sealed text not null,
        manager_id uuid,
        version integer not null,
        changed_at timestamptz not null,
        constraint scim_profile_pkey primary key (person_id, provider),
        constraint scim_profile_external_id_key unique (provider, external_id_lookup),
        constraint scim_profile_person_id_fkey foreign key (person_id) references person (id),
        constraint scim_profile_manager_id_fkey foreign key (manager_id) references person (id)
      );
      create index scim_profile_by_manager on scim_profile (manager_id) where manager_id is not null;
      alter table client drop constraint client_role_check;
      alter table client add constraint client_role_check
        check (role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT', 'DELIVERY_AGENT',
                        'PROVISIONING_CLIENT', 'FRONT_END'));
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table client drop constraint client_role_check;
      alter table client add constraint client_role_check
        check (role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT', 'DELIVERY_AGENT', 'FRONT_END'));
      drop table scim_profile;
    `)
  }
}
