import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Signed heads of the audit ledger, where neither identity nor whoever holds its role can reach them. */
export class WitnessLedger1790000020000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table ledger_head_witness (
        no           bigserial constraint ledger_head_witness_pkey primary key,
        seq          bigint not null,
        hash         text not null,
        signed_at    text not null,
        key_id       text not null,
        signature    text not null constraint ledger_head_witness_signature_key unique,
        witnessed_at timestamptz not null
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table ledger_head_witness')
  }
}
