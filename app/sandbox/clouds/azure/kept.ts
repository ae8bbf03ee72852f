/** Things by name of which a read may show what was before their last change, for as long as reads may lag. */
export const createKept = <T>(now: () => number, propagationMs: number) => {
  const items = new Map<string, T>()
  const before = new Map<string, { readonly item: T | undefined; readonly at: number }>()
  const note = (name: string) => before.set(name, { item: items.get(name), at: now() })
  const lagging = (name: string): T | undefined => {
    const last = before.get(name)
    return last !== undefined && now() < last.at + propagationMs ? last.item : items.get(name)
  }
  return {
    get: (name: string, stale = false): T | undefined => (stale ? lagging(name) : items.get(name)),
    put(name: string, item: T): void {
      note(name)
      items.set(name, item)
    },
    delete(name: string): void {
      note(name)
      items.delete(name)
    },
    all(stale = false): readonly T[] {
      if (!stale) return [...items.values()]
      return [...new Set([...items.keys(), ...before.keys()])].flatMap((name) => lagging(name) ?? [])
    },
  }
}
