/** lines reads a stream of JSON, one value a line; empty lines are signs of life. */
export async function* lines<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const whole = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) if (line.trim()) yield JSON.parse(line) as T;
  }
}
