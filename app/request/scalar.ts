import {
  boolCoreTag,
  boolYaml11Tag,
  floatCoreTag,
  floatYaml11Tag,
  intCoreTag,
  intYaml11Tag,
  NOT_RESOLVED,
  nullCoreTag,
  nullYaml11Tag,
} from 'js-yaml'

const core = [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag]
const yaml11 = [nullYaml11Tag, boolYaml11Tag, intYaml11Tag, floatYaml11Tag]

/**
 * What an unquoted scalar means under the YAML 1.2 core schema, and what a YAML 1.1 reader would take
 * it for where that is something else: `yes`, `0777`, `1:30`, `1_000`. Timestamps are text to both.
 */
export function plainScalar(text: string): { readonly value: unknown; readonly yaml11?: string } {
  const value = resolve(core, text)
  const old = resolve(yaml11, text)
  return Object.is(value, old) ? { value } : { value, yaml11: name(old) }
}

function resolve(tags: typeof core, text: string): unknown {
  for (const tag of tags) {
    const value: unknown = tag.resolve(text, false, tag.tagName)
    if (value !== NOT_RESOLVED) return value
  }
  return text
}

function name(value: unknown): string {
  if (typeof value === 'boolean' || typeof value === 'number') return String(value)
  return 'text'
}
