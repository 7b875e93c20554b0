import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * A policy says how long the backups are kept that stand for a week, a month and a year; the days that it named held for all.
 * Policies of before name none: those of databases are below the floor until they are set anew.
 */
export class KeepByKind1790000080001 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table backup_policy add keep_weeks integer, add keep_months integer, add keep_years integer
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table backup_policy drop keep_weeks, drop keep_months, drop keep_years
    `)
  }
}
