import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The delivery ledger names the person; the address was in it in clear, and in what mail servers answered. */
export class ForgetAddresses1790000030001 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      update notification set recipient = 'person:' || person_id
       where channel = 'mail' and person_id is not null;
      update notification set last_error = regexp_replace(last_error, '[^\\s<>"'']+@[^\\s<>"'']+', '***', 'g')
       where channel = 'mail' and last_error is not null;
      update notification_attempt a set detail = regexp_replace(a.detail, '[^\\s<>"'']+@[^\\s<>"'']+', '***', 'g')
        from notification n where n.id = a.notification_id and n.channel = 'mail';
    `)
  }

  /** What is forgotten does not come back. */
  down(): Promise<void> {
    return Promise.resolve()
  }
}
