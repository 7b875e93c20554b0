/**
 * SQL that makes `queue_jobs(json)` in the schema of a service's jobs: graphile-worker's `add_jobs` for a list of
 * `JobSpec`, at a third of its cost.
 *
 * Of jobs, nearly all are of a known task and have no key, or one that nobody had before. `add_jobs` asks the tasks, the
 * queues and the keys about each in statements of their own. Here one INSERT does, and only where it took fewer rows than
 * it was given are they left to `add_jobs`: a task or queue nobody has named yet, a key that has a job.
 *
 * Workers are woken for jobs that are due; the others they find by polling.
 */
export function makeQueueJobs(jobsSchema: string): string {
  return `
    create or replace function "${jobsSchema}".queue_jobs(specs json) returns void language plpgsql strict as $$
      declare
        queued bigint[];
        due    bigint;
      begin
        with fresh as (
          insert into "${jobsSchema}"._private_jobs (job_queue_id, task_id, payload, run_at, key, priority)
          select queue.id, task.id, spec.payload, coalesce(spec.run_at, now()), spec.job_key, spec.priority
            from rows from (json_to_recordset(specs) as (
                   identifier text, payload json, queue_name text, run_at timestamptz, job_key text, priority smallint
                 )) with ordinality as spec
            join "${jobsSchema}"._private_tasks as task on task.identifier = spec.identifier
            left join "${jobsSchema}"._private_job_queues as queue on queue.queue_name = spec.queue_name
           where spec.queue_name is null or queue.id is not null
           order by spec.ordinality
          on conflict (key) do nothing
          returning id, run_at
        )
        select array_agg(id), count(*) filter (where run_at <= now()) into queued, due from fresh;
        if coalesce(cardinality(queued), 0) < json_array_length(specs) then
          delete from "${jobsSchema}"._private_jobs where id = any(queued);
          perform "${jobsSchema}".add_jobs(
            array(select spec from json_populate_recordset(null::"${jobsSchema}".job_spec, specs) as spec));
        elsif due > 0 then
          perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', due)::text);
        end if;
      end
    $$`
}
