/**
 * uploading is a fetch that tells how much of the request has been sent, which fetch itself does not. Small requests
 * take the usual way.
 */
export function uploading(progress: (share: number) => void): (request: Request) => Promise<Response> {
  return async (request) => {
    const body = await request.clone().blob();
    if (body.size < 256_000) return fetch(request);
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open(request.method, request.url);
      request.headers.forEach((value, name) => xhr.setRequestHeader(name, value));
      xhr.upload.onprogress = (e) => progress(e.total ? e.loaded / e.total : 0);
      xhr.onerror = () => reject(new TypeError('network error'));
      xhr.onload = () => {
        const headers = new Headers();
        for (const line of xhr.getAllResponseHeaders().trim().split(/\r?\n/)) {
          const at = line.indexOf(':');
          if (at > 0) headers.append(line.slice(0, at).trim(), line.slice(at + 1).trim());
        }
        resolve(new Response(xhr.responseText, { status: xhr.status, statusText: xhr.statusText, headers }));
      };
      xhr.send(body);
    });
  };
}
