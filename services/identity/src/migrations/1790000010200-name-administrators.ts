import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Administrators are persons, movers' rights wait for an approval, and changes keep the people behind who asked. */
export class NameAdministrators1790000010200 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table account drop constraint account_one_kind_check;
      alter table account
        add constraint account_owner_check
          check (person_id is not null or administrator_role is not null),
        add column rights_pending boolean not null default false;
      alter table account_change
        add column requested_by_controllers uuid[] not null default '{}',
        add column decided_by_person uuid;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      update account set person_id = null where administrator_role is not null;
      alter table account_change
        drop column decided_by_person, drop column requested_by_controllers;
      alter table account drop column rights_pending, drop constraint account_owner_check;
      alter table account add constraint account_one_kind_check
        check ((person_id is null) <> (administrator_role is null));
    `)
  }
}
