import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * What the product writes into timelines and says of a held change is kept in both languages. What was written before is in
 * English alone and stays as it is: a timeline is evidence.
 */
export class KeepChineseWords1790000094100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table ticket_entry add column text_in_chinese text;
      alter table change_entry add column text_in_chinese text;
      alter table change alter column held_reasons type jsonb using to_jsonb(held_reasons);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table ticket_entry drop column text_in_chinese;
      alter table change_entry drop column text_in_chinese;
      alter table change rename column held_reasons to held_texts;
      alter table change add column held_reasons text[] not null default '{}';
      update change set held_reasons =
        array(select coalesce(said ->> 'en', said #>> '{}') from jsonb_array_elements(held_texts) said);
      alter table change alter column held_reasons drop default;
      alter table change drop column held_texts;
    `)
  }
}
