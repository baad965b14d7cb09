"use strict";
(function () {
  const holder = document.getElementById("swagger-ui");
  const chooser = document.getElementById("version");
  function show(address) {
    window.ui = SwaggerUIBundle({
      url: address,
      domNode: holder,
      deepLinking: true,
      validatorUrl: null,
      presets: [SwaggerUIBundle.presets.apis],
    });
  }
  show(chooser ? chooser.value : holder.dataset.document);
  if (chooser) {
    chooser.addEventListener("change", function () { show(chooser.value); });
  }
})();
