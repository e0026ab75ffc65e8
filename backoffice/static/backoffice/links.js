// Draws the neighbourhood that the page names, and asks for more where somebody clicks. The table on the page says the same.
(function () {
    "use strict";
    const place = document.getElementById("links-picture");
    if (!place || typeof cytoscape === "undefined") return;
    const colours = {organised: "#b91c1c", swept_along: "#15803d", undetermined: "#b45309"};
    const shapes = {order: "round-rectangle", account: "ellipse", device: "hexagon", recipient: "diamond", token: "tag"};
    const ink = getComputedStyle(document.body).color;
    const picture = cytoscape({
        container: place,
        wheelSensitivity: 0.3,
        style: [
            {selector: "node", style: {
                label: "data(label)", "font-size": 9, color: ink, "text-wrap": "ellipsis", "text-max-width": 110,
                "text-valign": "bottom", width: 22, height: 22,
                shape: (node) => shapes[node.data("kind")] || "ellipse",
                "background-color": (node) => colours[node.data("looks")] || "#64748b",
            }},
            {selector: "node[?hub]", style: {"border-width": 4, "border-style": "double", "border-color": "#f59e0b", width: 34, height: 34}},
            {selector: "node.subject", style: {"border-width": 3, "border-color": "#2563eb", width: 32, height: 32}},
            {selector: "edge", style: {width: 1, "line-color": "#94a3b8", "curve-style": "haystack"}},
        ],
    });
    let most = 300;

    function ask(kind, value, steps) {
        const asked = new URLSearchParams({kind: kind, value: value, steps: steps});
        return fetch(place.dataset.url + "?" + asked, {headers: {Accept: "application/json"}, credentials: "same-origin"})
            .then((answer) => (answer.ok ? answer.json() : {nodes: [], edges: []}));
    }

    function add(found) {
        most = found.most || most;
        for (const node of found.nodes) {
            const known = picture.getElementById(node.id);
            if (known.nonempty()) known.data(node);
            else if (picture.nodes().length < most) picture.add({group: "nodes", data: node});
        }
        for (const edge of found.edges) {
            const ends = picture.getElementById(edge.source).nonempty() && picture.getElementById(edge.target).nonempty();
            if (ends && picture.getElementById(edge.id).empty()) picture.add({group: "edges", data: edge});
        }
        picture.layout({name: "cose", animate: false, randomize: false, nodeDimensionsIncludeLabels: true}).run();
        place.dataset.nodes = picture.nodes().length;
    }

    ask(place.dataset.kind, place.dataset.value, 4).then((found) => {
        add(found);
        picture.getElementById(place.dataset.kind + ":" + place.dataset.value).addClass("subject");
    });
    picture.on("tap", "node", (event) => {
        const node = event.target;
        if (!node.data("hub")) ask(node.data("kind"), node.data("value"), 1).then(add);
    });
})();
