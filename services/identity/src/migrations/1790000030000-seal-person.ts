import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * What identifies a person lies sealed, and is found by keyed hash. Rows that lie in clear are sealed by the service
 * before it takes its first request, for the keys are not here: `not valid` lets them wait, and refuses new ones.
 */
export class SealPerson1790000030000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table person
        add column employee_number_lookup text,
        add column name_lookup            text,
        add column email_lookup           text,
        drop constraint person_employee_number_key,
        add constraint person_employee_number_key unique (employee_number_lookup),
        add constraint person_sealed_check check (
          employee_number ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.' and employee_number_lookup is not null
          and name ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.' and name_lookup is not null
          and (email is null) = (email_lookup is null)
          and coalesce(email ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.', true)) not valid;
      create index person_by_name on person (name_lookup);
      create index person_by_email on person (email_lookup) where email_lookup is not null;
      drop index person_by_unit;
      create index person_by_unit on person (unit_id, created_at, id);
      create index person_by_age on person (created_at, id);
    `)
  }

  /** The order of the columns comes back; what is sealed stays sealed. */
  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop index person_by_age, person_by_unit, person_by_email, person_by_name;
      create index person_by_unit on person (unit_id, employee_number);
      alter table person
        drop constraint person_sealed_check,
        drop constraint person_employee_number_key,
        drop column employee_number_lookup,
        drop column name_lookup,
        drop column email_lookup,
        add constraint person_employee_number_key unique (employee_number);
    `)
  }
}
