import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'

/** Days that it is known what an upload held. The newest that was compared is kept whatever its age. */
const KEPT_DAYS = 90

/** Forgets uploads that ended long ago; what they found is kept, and that they were compared is in the ledger. */
export const forgetUploads = defineTask(
  'forget-ebs-uploads',
  Type.Object({}),
  async (tx, _, act) => {
    const oldest = new Date(act.now.getTime() - KEPT_DAYS * 86_400_000)
    await tx.query(
      `delete from ebs_upload
      where ended_at < $1
        and id is distinct from (select id from ebs_upload where state = 'done' order by taken_at desc limit 1)`,
      [oldest],
    )
  },
)
