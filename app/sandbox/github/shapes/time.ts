/** GitHub's time format: RFC 3339, UTC, whole seconds. */
export function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** The same, or null. */
export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms)
}

/** An opaque global id. */
export function nodeId(kind: string, id: number): string {
  return `${kind}_${Buffer.from(`${kind}${id}`).toString('base64url')}`
}
