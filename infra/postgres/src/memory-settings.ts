const MIB = 1_048_576

/**
 * The memory settings of a server that shares a machine of `bytes` with the host: a small site keeps its working set in
 * little, and what lies in no buffer still lies in the cache of the operating system, which costs nobody anything.
 */
export function memorySettings(bytes: number): Record<string, string> {
  const mebibytes = (share: number, least: number, most: number) =>
    `${String(Math.round(Math.min(most, Math.max(least, bytes / MIB / share))))}MB`
  return {
    shared_buffers: mebibytes(256, 16, 128),
    maintenance_work_mem: mebibytes(256, 16, 128),
    // What the planner may expect to find cached, not memory that is taken.
    effective_cache_size: mebibytes(2, 128, 1_048_576),
  }
}
