import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * A system belongs to a unit and says for whose changes its gate opens: a change that named any system whose only target was
 * a toy passed on that.
 *
 * Systems of before belong to the unit of their oldest target and serve that unit alone, until two say otherwise. Where
 * another unit has a target in one, its gate stays closed as long as that target is active.
 */
export class KnowSystems1790000080000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table backup_system (
        code       text constraint backup_system_pkey primary key,
        unit_id    uuid not null,
        serves     text not null constraint backup_system_serves_check
          check (serves in ('unit', 'company')),
        created_at timestamptz not null,
        version    integer not null
      );
      insert into backup_system (code, unit_id, serves, created_at, version)
        select distinct on (system_code) system_code, unit_id, 'unit', created_at, 1
          from backup_target order by system_code, created_at, id;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table backup_system')
  }
}
