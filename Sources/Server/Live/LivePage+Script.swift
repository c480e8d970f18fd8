extension LivePage {
  static let script = #"""
    const $ = id => document.getElementById(id);
    const iterations = [], prompts = new Map(), ttft = [], tbt = [];
    let info = null, newest = null, experts = null, lastExperts = null, rate = null, offset = null, target = 0.1;
    const keep = 20000, window_ = 2000;

    function headers() {
      const h = {"Content-Type": "application/json"};
      if ($("key").value) h.Authorization = "Bearer " + $("key").value;
      return h;
    }
    function push(list, values) {
      for (const v of values) list.push(v);
      if (list.length > window_) list.splice(0, list.length - window_);
    }
    function percentile(list, p) {
      if (!list.length) return null;
      const s = [...list].sort((a, b) => a - b);
      return s[Math.min(s.length - 1, Math.ceil(p * s.length) - 1)];
    }
    const ms = v => v == null ? "–" : (v * 1000).toFixed(v < 0.1 ? 1 : 0) + " ms";
    const bytes = v => {
      if (v == null || !isFinite(v)) return "–";
      for (const u of ["B", "kB", "MB", "GB"]) { if (v < 1000) return v.toFixed(v < 10 ? 1 : 0) + " " + u; v /= 1000; }
      return v.toFixed(1) + " TB";
    };

    // Neighbouring prompts get colours far from each other: the golden angle.
    function colour(id) {
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      return `hsl(${(id * 137.508) % 360} 65% ${dark ? 62 : 45}%)`;
    }

    function onEvent(e) {
      if (e.s === undefined) {
        if (e.submitted !== undefined) prompts.set(e.submitted, e);
        return;
      }
      if (offset == null) offset = performance.now() / 1000 - (e.t + e.s);
      // The page's clock follows the engine's: an event can be late, never early.
      offset = Math.min(offset, performance.now() / 1000 - (e.t + e.s));
      iterations.push(e);
      if (iterations.length > keep) iterations.splice(0, keep / 2);
      newest = e;
      push(ttft, e.ttft);
      push(tbt, e.tbt);
      if (e.experts) {
        const time = e.t + e.s;
        if (lastExperts && time > lastExperts.time) {
          const d = time - lastExperts.time, b = lastExperts.value;
          rate = {decode: (e.experts.decode - b.decode) / d, prefill: (e.experts.prefill - b.prefill) / d, link: (e.experts.link - b.link) / d};
        }
        lastExperts = {time, value: e.experts};
        experts = e.experts;
      }
    }

    function draw() {
      const canvas = $("timeline"), box = canvas.getBoundingClientRect(), scale = devicePixelRatio || 1;
      if (canvas.width !== Math.round(box.width * scale)) canvas.width = Math.round(box.width * scale);
      if (canvas.height !== Math.round(box.height * scale)) canvas.height = Math.round(box.height * scale);
      const c = canvas.getContext("2d"), w = box.width, h = box.height, style = getComputedStyle(document.body);
      c.setTransform(scale, 0, 0, scale, 0, 0);
      c.clearRect(0, 0, w, h);
      const layers = info ? info.layers : 1, left = 34, top = 8, bottom = 20;
      const span = Number($("span").value), end = offset == null ? 0 : performance.now() / 1000 - offset;
      const x = t => left + (t - (end - span)) / span * (w - left), y = l => top + l / layers * (h - top - bottom);
      const soft = style.getPropertyValue("--soft"), line = style.getPropertyValue("--line"), grey = style.getPropertyValue("--decode");
      c.fillStyle = soft; c.font = "11px system-ui"; c.textAlign = "right"; c.textBaseline = "middle";
      const step = Math.max(1, Math.ceil(layers / 8));
      for (let l = 0; l < layers; l += step) c.fillText(String(l), left - 6, y(l + 0.5));
      c.strokeStyle = line; c.lineWidth = 1; c.beginPath();
      for (let l = 0; l <= layers; l++) { c.moveTo(left, Math.round(y(l)) + 0.5); c.lineTo(w, Math.round(y(l)) + 0.5); }
      c.stroke();
      c.save(); c.beginPath(); c.rect(left, 0, w - left, h - bottom); c.clip();
      for (let i = iterations.length - 1; i >= 0; i--) {
        const e = iterations[i];
        if (e.t + e.s < end - span) break;
        const a = x(e.t), b = Math.max(x(e.t + e.s), a + 0.7), width = Math.max(b - a - (b - a > 3 ? 1 : 0), 0.7);
        if (e.d) { c.globalAlpha = Math.min(0.75, 0.25 + e.d / 24); c.fillStyle = grey; c.fillRect(a, y(0), width, y(layers) - y(0)); }
        c.globalAlpha = 1;
        for (const tile of e.tiles) {
          const total = tile.r.reduce((s, r) => s + r[2] - r[1], 0) || 1;
          let at = y(tile.l[0]);
          const height = y(tile.l[1]) - at;
          for (const r of tile.r) {
            const part = height * (r[2] - r[1]) / total;
            c.fillStyle = colour(r[0]); c.fillRect(a, at, width, Math.max(part - 0.5, 0.5)); at += part;
          }
        }
        if (e.d && e.s > target) { c.fillStyle = style.getPropertyValue("--bad"); c.fillRect(a, h - bottom - 4, width, 4); }
      }
      c.restore();
      c.textAlign = "left"; c.fillStyle = soft; c.fillText(`${span} s ago`, left, h - 9);
      c.textAlign = "right"; c.fillText("now; red below: longer than the target", w - 4, h - 9);
      requestAnimationFrame(draw);
    }

    function cards() {
      const n = newest, load = n ? n.load : {waiting: 0, prefilling: 0, running: 0, free: 0, blocks: 0, preemptions: 0, prompt: 0, shared: 0};
      const late = tbt.filter(v => v > target).length, last = tbt[tbt.length - 1];
      const list = [
        ["TTFT, last", ms(ttft[ttft.length - 1])], ["TTFT P50 / P99", ms(percentile(ttft, .5)) + " / " + ms(percentile(ttft, .99))],
        ["TBT, last", ms(last), last > target], ["TBT P50 / P99", ms(percentile(tbt, .5)) + " / " + ms(percentile(tbt, .99)), percentile(tbt, .99) > target],
        ["late tokens of " + tbt.length, String(late), late > 0], ["decoding / prefilling", load.running + " / " + load.prefilling],
        ["waiting", String(load.waiting)], ["KV blocks in use", load.blocks ? Math.round((1 - load.free / load.blocks) * 100) + " %" : "–"],
        ["prompt tokens shared", load.prompt ? Math.round(load.shared / load.prompt * 100) + " %" : "–"],
        ["experts read, prefill", rate ? bytes(rate.prefill) + "/s" : "–"], ["experts read, decode", rate ? bytes(rate.decode) + "/s" : "–"],
        ["over the link", rate ? bytes(rate.link) + "/s" : "–"],
        ["experts resident", experts ? experts.slots + " of " + experts.experts : "–"], ["preemptions", String(load.preemptions)],
      ];
      const box = $("cards");
      while (box.children.length < list.length) {
        const card = document.createElement("div"); card.className = "card";
        card.append(document.createElement("b"), document.createElement("span")); box.append(card);
      }
      list.forEach(([name, value, bad], i) => {
        const card = box.children[i];
        card.firstChild.textContent = value; card.lastChild.textContent = name; card.classList.toggle("bad", !!bad);
      });
      $("summary").textContent = n ? `Policy ${n.policy}: ${load.running} requests decode, ${load.prefilling} prompts pass the layers, ${load.waiting} wait.` : "Nothing has run yet.";
      if (!document.querySelector("details").open) return;
      $("rows").replaceChildren(...iterations.slice(-10).reverse().map(e => {
        const row = document.createElement("tr");
        const tiles = e.tiles.map(t => `${t.r.reduce((s, r) => s + r[2] - r[1], 0)} tokens × layers ${t.l[0]}–${t.l[1] - 1}`).join("; ");
        for (const v of [(e.s * 1000).toFixed(1), e.p ? (e.p * 1000).toFixed(1) : "–", e.d, tiles || "none"]) {
          const cell = document.createElement("td"); cell.textContent = v; row.append(cell);
        }
        return row;
      }));
    }

    // Server-sent events by fetch, since EventSource cannot send a key.
    async function sse(url, options, onData) {
      const response = await fetch(url, options);
      if (!response.ok) {
        let message = response.status + " " + response.statusText;
        try { message = (await response.json()).error.message; } catch {}
        const error = new Error(message); error.status = response.status; throw error;
      }
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const {done, value} = await reader.read();
        if (done) return;
        text += value;
        const lines = text.split("\n"); text = lines.pop();
        for (const l of lines) if (l.startsWith("data: ") && l !== "data: [DONE]") onData(JSON.parse(l.slice(6)));
      }
    }

    async function watch() {
      for (;;) {
        try {
          const response = await fetch("live/state", {headers: headers()});
          if (!response.ok) throw new Error(response.status === 401 ? "an API key is needed" : "no answer");
          show(await response.json());
          $("connection").textContent = "live";
          offset = null;
          await sse("live/events", {headers: headers()}, onEvent);
          $("connection").textContent = "the server has ended the stream";
        } catch (error) { $("connection").textContent = "not connected: " + error.message; }
        await new Promise(r => setTimeout(r, 1500));
      }
    }

    function show(state) {
      info = state; target = state.tbt_target;
      $("model").textContent = `${state.model}: ${state.layers} layers` + (state.experts ? `, ${state.experts} experts a layer` : "");
      if (!$("policy").options.length) for (const p of state.policies) $("policy").add(new Option(p, p));
      $("policy").value = state.policy;
      $("target").value = Math.round(target * 1000);
      $("chat-title").textContent = state.kind === "chat" ? "Chat" : "Continue a text";
    }

    $("policy-form").addEventListener("submit", async event => {
      event.preventDefault();
      const body = JSON.stringify({policy: $("policy").value, tbt_target: Number($("target").value) / 1000});
      const response = await fetch("live/control", {method: "POST", headers: headers(), body});
      const answer = await response.json();
      if (response.ok) { target = answer.tbt_target; tbt.length = 0; ttft.length = 0; }
      $("applied").textContent = response.ok ? "applied" : answer.error.message;
    });

    const messages = [];
    const aborts = new Set();
    function say(who, text, error) {
      const name = document.createElement("p"), p = document.createElement("p");
      name.className = "who"; name.textContent = who; p.textContent = text; if (error) p.className = "error";
      $("log").append(name, p); $("log").scrollTop = $("log").scrollHeight;
      return p;
    }
    async function ask(text, remember, shown) {
      const abort = new AbortController(); aborts.add(abort); $("stop").disabled = false;
      say("You", shown ?? text);
      const p = say(info ? info.model : "Model", "");
      const isChat = info && info.kind === "chat";
      const body = {model: info.model, stream: true, max_tokens: Number($("max").value), temperature: Number($("temperature").value)};
      if (isChat) body.messages = remember ? [...messages, {role: "user", content: text}] : [{role: "user", content: text}];
      else body.prompt = text;
      let answer = "";
      try {
        await sse(isChat ? "v1/chat/completions" : "v1/completions", {method: "POST", headers: headers(), body: JSON.stringify(body), signal: abort.signal}, e => {
          if (e.error) throw new Error(e.error.message);
          const choice = e.choices[0]; if (!choice) return;
          answer += isChat ? choice.delta.content ?? "" : choice.text;
          p.textContent = answer; $("log").scrollTop = $("log").scrollHeight;
        });
        if (remember && isChat) messages.push({role: "user", content: text}, {role: "assistant", content: answer});
      } catch (error) {
        if (error.name !== "AbortError") { p.textContent = answer + (answer ? "\n" : "") + error.message; p.className = "error"; }
      }
      aborts.delete(abort); $("stop").disabled = aborts.size === 0;
    }
    $("chat-form").addEventListener("submit", event => {
      event.preventDefault();
      const text = $("message").value;
      if (!text.trim() || !info) return;
      $("message").value = "";
      ask(text, true);
    });
    $("message").addEventListener("keydown", event => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); $("chat-form").requestSubmit(); }
    });
    $("stop").addEventListener("click", () => { for (const a of aborts) a.abort(); });
    function longText() {
      const words = "the river ran past the old mill and the miller counted sacks of grain while the rain fell on the hills".split(" ");
      const count = Math.max(20, Math.floor((info.max_model_len - Number($("max").value)) * 0.55));
      return Array.from({length: count}, () => words[Math.floor(Math.random() * words.length)]).join(" ");
    }
    $("long").addEventListener("click", () => { if (info) { const t = longText(); ask(t, false, `(a prompt of ${t.split(" ").length} words)`); } });
    $("crowd").addEventListener("click", () => {
      if (!info) return;
      // A browser opens six connections to a server, and the events have one.
      for (let i = 0; i < 5; i++) { const t = longText().split(" ").slice(0, 20 + i * 45).join(" "); ask(t, false, `(a prompt of ${t.split(" ").length} words)`); }
    });
    draw();
    setInterval(cards, 250);
    watch();
    """#
}
